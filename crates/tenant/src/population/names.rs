//! Names and places of the people. A name written `ż:z` style (`佐藤:sato`) carries its form in an address.
//!
//! No family name may stand in two cultures: then two people could share an address. A test holds that.

/// Where people come from.
#[derive(Debug)]
pub(crate) struct Culture {
    /// Also picks the language of their prompts.
    pub(crate) locale: &'static str,
    pub(crate) country: &'static str,
    pub(crate) country_code: &'static str,
    pub(crate) offices: [&'static str; 3],
    /// Minutes that local time is ahead of UTC.
    pub(crate) offset_min: i32,
    /// Whether the family name stands first.
    pub(crate) family_first: bool,
    pub(crate) given: [&'static str; 12],
    pub(crate) family: [&'static str; 12],
}

macro_rules! cultures {
    ($($locale:literal $country:literal $code:literal $offset:literal $first:literal
        [$($office:literal)*] [$($given:literal)*] [$($family:literal)*];)*) => {
        pub(crate) const CULTURES: &[Culture] = &[$(Culture {
            locale: $locale, country: $country, country_code: $code, offset_min: $offset, family_first: $first,
            offices: [$($office),*], given: [$($given),*], family: [$($family),*],
        }),*];
    };
}

cultures! {
    "en-us" "United States" "US" -300 false ["New York" "Chicago" "Seattle"]
        ["Ava" "Ethan" "Madison" "Tyler" "Brianna" "Jordan" "Megan" "Logan" "Aaliyah" "Carlos" "Grace" "Malik"]
        ["Anderson" "Brooks" "Carter" "Diaz" "Foster" "Hayes" "Jefferson" "Miller" "Ortiz" "Reyes" "Washington" "Young"];
    "en-gb" "United Kingdom" "GB" 0 false ["London" "Manchester" "Edinburgh"]
        ["Alfie" "Beatrice" "Callum" "Daisy" "Freddie" "Harriet" "Imogen" "Jack" "Nigel" "Poppy" "Rhys" "Siân"]
        ["Ashworth" "Bradley" "Cartwright" "Davies" "Fairclough" "Greenwood" "Hughes" "MacLeod" "O'Neill" "Patterson" "Thornton" "Whitaker"];
    "de-de" "Germany" "DE" 60 false ["Berlin" "München" "Hamburg"]
        ["Jürgen" "Anke" "Björn" "Claudia" "Dieter" "Franziska" "Günter" "Heike" "Katrin" "Matthias" "Sören" "Uwe"]
        ["Müller" "Schmidt" "Schröder" "Weiß" "Hoffmann" "Köhler" "Krüger" "Lehmann" "Neumann" "Schäfer" "Vogel" "Zimmermann"];
    "fr-fr" "France" "FR" 60 false ["Paris" "Lyon" "Nantes"]
        ["Amélie" "Baptiste" "Chloé" "Étienne" "Geneviève" "Hélène" "Julien" "Loïc" "Margaux" "Océane" "Thibault" "Zoé"]
        ["Bernard" "Chevalier" "Dubois" "Fournier" "Garnier" "Lefèvre" "Moreau" "Noël" "Perrin" "Rousseau" "Thomas" "Vasseur"];
    "es-es" "Spain" "ES" 60 false ["Madrid" "Barcelona" "Sevilla"]
        ["Álvaro" "Begoña" "Cristina" "Diego" "Íñigo" "Javier" "Lucía" "Marisol" "Nuria" "Pilar" "Raúl" "Ximena"]
        ["Álvarez" "Castaño" "Domínguez" "Fernández" "García" "Ibáñez" "Jiménez" "Muñoz" "Núñez" "Rodríguez" "Sánchez" "Vázquez"];
    "it-it" "Italy" "IT" 60 false ["Milano" "Roma" "Torino"]
        ["Alessandro" "Beatrice" "Chiara" "Davide" "Elisa" "Fabio" "Giulia" "Luca" "Niccolò" "Paola" "Salvatore" "Valentina"]
        ["Barbieri" "Colombo" "D'Angelo" "Esposito" "Ferrari" "Galli" "Lombardi" "Mancini" "Pellegrini" "Ricci" "Santoro" "Vitale"];
    "pt-pt" "Portugal" "PT" 0 false ["Lisboa" "Porto" "Coimbra"]
        ["Afonso" "Beatriz" "Constança" "Duarte" "Filipa" "Gonçalo" "Inês" "João" "Leonor" "Nuno" "Rui" "Teresa"]
        ["Antunes" "Brandão" "Carvalho" "Figueiredo" "Guimarães" "Lourenço" "Magalhães" "Neves" "Pinto" "Queirós" "Simões" "Tavares"];
    "pt-br" "Brazil" "BR" -180 false ["São Paulo" "Recife" "Curitiba"]
        ["Adriana" "Bruno" "Caio" "Débora" "Eduardo" "Fabiana" "Gustavo" "Juliana" "Luana" "Otávio" "Thaís" "Vinícius"]
        ["Almeida" "Barbosa" "Cavalcanti" "da Silva" "Fonseca" "Gomes" "Lima" "Moura" "Nascimento" "Oliveira" "Ribeiro" "Souza"];
    "nl-nl" "Netherlands" "NL" 60 false ["Amsterdam" "Utrecht" "Eindhoven"]
        ["Anouk" "Bram" "Daan" "Eline" "Femke" "Gijs" "Joost" "Lieke" "Maarten" "Roos" "Sanne" "Wouter"]
        ["Bakker" "de Boer" "de Vries" "Dijkstra" "Hendriks" "Jansen" "Meijer" "Mulder" "van den Berg" "van Dijk" "Visser" "Willems"];
    "pl-pl" "Poland" "PL" 60 false ["Warszawa" "Kraków" "Gdańsk"]
        ["Agnieszka" "Bartłomiej" "Czesław" "Danuta" "Grażyna" "Jarosław" "Katarzyna" "Łukasz" "Małgorzata" "Paweł" "Stanisław" "Zofia"]
        ["Dąbrowski" "Grabowska" "Jabłoński" "Kowalczyk" "Kozłowski" "Lewandowska" "Nowak" "Pawłowski" "Szymański" "Wiśniewska" "Wójcik" "Zieliński"];
    "sv-se" "Sweden" "SE" 60 false ["Stockholm" "Göteborg" "Malmö"]
        ["Åsa" "Björn" "Elsa" "Göran" "Hjalmar" "Ingrid" "Linnéa" "Maja" "Östen" "Sixten" "Tove" "Wilma"]
        ["Andersson" "Bergström" "Dahlgren" "Eklund" "Fredriksson" "Gustafsson" "Holmgren" "Lindqvist" "Nyström" "Sjöberg" "Åkesson" "Öberg"];
    "da-dk" "Denmark" "DK" 60 false ["København" "Aarhus" "Odense"]
        ["Anders" "Bodil" "Ditte" "Frederik" "Jytte" "Kirsten" "Lærke" "Mads" "Mette" "Rasmus" "Søren" "Trine"]
        ["Bach" "Christensen" "Damgaard" "Frandsen" "Højgaard" "Jørgensen" "Kjær" "Mortensen" "Nørgaard" "Rasmussen" "Skov" "Thomsen"];
    "nb-no" "Norway" "NO" 60 false ["Oslo" "Bergen" "Trondheim"]
        ["Aksel" "Bjørg" "Eirik" "Gunnhild" "Håkon" "Ingvild" "Kåre" "Ragnhild" "Sigrid" "Torbjørn" "Vegard" "Øystein"]
        ["Aune" "Berge" "Dahl" "Eide" "Fjeld" "Haugen" "Kvam" "Lunde" "Moen" "Nygård" "Solberg" "Øvrebø"];
    "fi-fi" "Finland" "FI" 120 false ["Helsinki" "Tampere" "Oulu"]
        ["Aino" "Eero" "Helmi" "Ilkka" "Jyrki" "Kaarina" "Lauri" "Päivi" "Riitta" "Tuomas" "Väinö" "Ylva"]
        ["Hämäläinen" "Heikkinen" "Järvinen" "Koskinen" "Laaksonen" "Mäkelä" "Nieminen" "Peltonen" "Rantanen" "Salminen" "Virtanen" "Ylönen"];
    "cs-cz" "Czechia" "CZ" 60 false ["Praha" "Brno" "Ostrava"]
        ["Božena" "Dušan" "Eliška" "František" "Jiří" "Květa" "Ladislav" "Markéta" "Ondřej" "Růžena" "Šárka" "Zdeněk"]
        ["Beneš" "Čermák" "Dvořák" "Fiala" "Hájek" "Horáková" "Kučera" "Novotná" "Pokorný" "Růžička" "Svoboda" "Veselý"];
    "tr-tr" "Türkiye" "TR" 180 false ["İstanbul" "Ankara" "İzmir"]
        ["Ayşe" "Berk" "Çağla" "Deniz" "Emine" "Gökhan" "Işıl" "İbrahim" "Özge" "Şule" "Ümit" "Yiğit"]
        ["Aydın" "Çelik" "Demir" "Doğan" "Erdoğdu" "Güneş" "Kılıç" "Öztürk" "Şahin" "Tunç" "Yılmaz" "Yıldız"];
    "ja-jp" "Japan" "JP" 540 true ["東京" "大阪" "福岡"]
        ["健:ken" "美咲:misaki" "翔太:shota" "陽子:yoko" "大輔:daisuke" "さくら:sakura" "直樹:naoki" "恵:megumi" "拓也:takuya" "由美:yumi" "一郎:ichiro" "葵:aoi"]
        ["佐藤:sato" "鈴木:suzuki" "高橋:takahashi" "田中:tanaka" "渡辺:watanabe" "伊藤:ito" "山本:yamamoto" "中村:nakamura" "小林:kobayashi" "加藤:kato" "吉田:yoshida" "森:mori"];
    "ko-kr" "South Korea" "KR" 540 true ["서울" "부산" "대전"]
        ["민준:minjun" "서연:seoyeon" "지훈:jihoon" "수빈:subin" "예은:yeeun" "도윤:doyun" "하은:haeun" "현우:hyunwoo" "지민:jimin" "유진:yujin" "태현:taehyun" "소라:sora"]
        ["김:kim" "이:yi" "박:bak" "최:choi" "정:jeong" "강:kang" "조:jo" "윤:yoon" "장:jang" "임:lim" "한:han" "오:oh"];
    "zh-cn" "China" "CN" 480 true ["上海" "北京" "深圳"]
        ["伟:wei" "芳:fang" "娜:na" "敏:min" "静:jing" "强:qiang" "磊:lei" "洋:yang" "艳:yan" "勇:yong" "杰:jie" "涛:tao"]
        ["王:wang" "李:li" "张:zhang" "刘:liu" "陈:chen" "杨:yang" "赵:zhao" "黄:huang" "周:zhou" "吴:wu" "徐:xu" "孙:sun"];
    "zh-tw" "Taiwan" "TW" 480 true ["台北" "台中" "高雄"]
        ["怡君:yichun" "志明:chihming" "淑芬:shufen" "俊傑:chunchieh" "雅婷:yating" "家豪:chiahao" "美玲:meiling" "承翰:chenghan" "欣怡:hsinyi" "宗翰:tsunghan" "佳穎:chiaying" "冠宇:kuanyu"]
        ["陳:chen-tw" "林:lin" "黃:huang-tw" "張:chang" "李:lee" "吳:wu-tw" "劉:liu-tw" "蔡:tsai" "楊:yang-tw" "許:hsu" "鄭:cheng" "謝:hsieh"];
    "en-in" "India" "IN" 330 false ["Bengaluru" "Mumbai" "Hyderabad"]
        ["Aarav" "Bhavna" "Chetan" "Divya" "Gaurav" "Ishita" "Karthik" "Lakshmi" "Meera" "Nikhil" "Priya" "Suresh"]
        ["Agarwal" "Banerjee" "Chatterjee" "Desai" "Gupta" "Iyer" "Kulkarni" "Mehta" "Nair" "Patel" "Reddy" "Subramaniam"];
    "ar-sa" "Saudi Arabia" "SA" 180 false ["الرياض" "جدة" "الدمام"]
        ["أحمد:ahmed" "فاطمة:fatima" "خالد:khalid" "نورة:noura" "سعود:saud" "ليلى:layla" "يوسف:yousef" "مريم:maryam" "عمر:omar" "هند:hind" "ماجد:majed" "ريم:reem"]
        ["العتيبي:alotaibi" "القحطاني:alqahtani" "الحربي:alharbi" "الغامدي:alghamdi" "الدوسري:aldosari" "الشهري:alshehri" "الزهراني:alzahrani" "المطيري:almutairi" "العنزي:alanazi" "السبيعي:alsubaie" "الشمري:alshammari" "البقمي:albuqami"];
}

/// A name as shown, and as it stands in an address.
pub(crate) fn shown(name: &'static str) -> &'static str {
    name.split_once(':').map_or(name, |(shown, _)| shown)
}

/// A name as it stands in an address: ASCII letters and hyphens.
pub(crate) fn in_address(name: &'static str) -> String {
    if let Some((_, address)) = name.split_once(':') {
        return address.to_owned();
    }
    let mut address = String::new();
    for letter in name.chars() {
        match letter {
            'A'..='Z' | 'a'..='z' => address.push(letter.to_ascii_lowercase()),
            ' ' | '\'' => {}
            'Á' | 'á' | 'à' | 'â' | 'ã' | 'ą' => address.push('a'),
            'Ä' | 'ä' | 'æ' => address.push_str("ae"),
            'Å' | 'å' => address.push_str("aa"),
            'ç' | 'Ç' | 'Č' | 'č' | 'ć' => address.push('c'),
            'É' | 'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => address.push('e'),
            'ğ' => address.push('g'),
            'İ' | 'Í' | 'í' | 'ï' | 'ı' => address.push('i'),
            'Ł' | 'ł' => address.push('l'),
            'ñ' | 'ń' => address.push('n'),
            'ó' | 'ò' | 'ô' | 'õ' => address.push('o'),
            'Ö' | 'ö' | 'Ø' | 'ø' => address.push_str("oe"),
            'ř' => address.push('r'),
            'Š' | 'š' | 'Ş' | 'ş' | 'ś' => address.push('s'),
            'ß' => address.push_str("ss"),
            'ú' | 'ů' => address.push('u'),
            'Ü' | 'ü' => address.push_str("ue"),
            'ý' => address.push('y'),
            'ž' | 'ż' | 'ź' => address.push('z'),
            _ => address.push('x'),
        }
    }
    address
}

/// Departments; one for each person who reports to the head of the tenant.
pub(crate) const DEPARTMENTS: [&str; 10] = [
    "Sales",
    "Marketing",
    "Finance",
    "Legal",
    "Human Resources",
    "Engineering",
    "Research & Development",
    "Operations",
    "Customer Service",
    "IT",
];

/// Titles of people without reports.
pub(crate) const TITLES: [&str; 8] = [
    "Analyst",
    "Specialist",
    "Consultant",
    "Coordinator",
    "Engineer",
    "Advisor",
    "Associate",
    "Assistant",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_two_people_share_an_address() {
        let mut family_of = HashMap::new();
        for culture in CULTURES {
            let mut given: Vec<String> =
                culture.given.iter().map(|name| in_address(name)).collect();
            given.sort();
            given.dedup();
            assert_eq!(given.len(), 12, "{} has a given name twice", culture.locale);
            for name in culture.family {
                let other = family_of.insert(in_address(name), culture.locale);
                assert_eq!(
                    other, None,
                    "{name} of {} is known elsewhere",
                    culture.locale
                );
            }
        }
    }

    #[test]
    fn addresses_are_plain() {
        for name in CULTURES
            .iter()
            .flat_map(|culture| culture.given.iter().chain(&culture.family))
        {
            let address = in_address(name);
            assert!(
                address
                    .chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '-'),
                "{name}: {address}"
            );
            assert!(
                !address.contains('x') || name.to_lowercase().contains('x'),
                "{name} has a letter without a fold"
            );
        }
        assert_eq!(in_address("Łukasz"), "lukasz");
        assert_eq!(in_address("佐藤:sato"), "sato");
    }
}
